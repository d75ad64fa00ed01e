//! What a caller may see of a table: Cedar's residual as a parameterised WHERE clause.
