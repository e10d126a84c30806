"""Who is who: two records of companies are the same, might be, or are not, and it is said why. Pure: it asks nobody and remembers
nothing."""
