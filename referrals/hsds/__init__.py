"""HSDS 3.1 and the German profile: shape, values, nested documents."""
