"""The legal road: every record of the log into Postgres, byte for byte, judged by nobody."""
