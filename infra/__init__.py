"""What the services stand on: runtime plumbing, the local stack, database migrations."""
