"""Who talks to the outside: gateway, archiver, command line, simulator."""
