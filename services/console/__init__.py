"""The console: where officers see alerts, why they arose, and take them up.

Pages are made on the server and work without scripts; scripts add the live list. What a page shows
comes through views that ask whose session it is (migration 0007), never from tables.
"""
