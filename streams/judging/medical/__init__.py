"""医疗废物: the life of packages, folded and judged by the day of an institution or a plant."""
