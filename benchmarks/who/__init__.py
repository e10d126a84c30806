"""How well two spellings of a company are brought together, and how rarely two companies are. Nothing here knows the matcher's rules."""
