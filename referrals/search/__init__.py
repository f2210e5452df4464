"""Finding local help in parents' own words: what a search means, and which services answer it."""
