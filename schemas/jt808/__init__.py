"""JT/T 808-2013 and -2019 on the wire: frames, message headers, positions. No connection, no state."""
