"""Vehicles' terminals that speak JT/T 808 over TCP: their positions, byte for byte into the log."""
