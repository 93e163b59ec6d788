"""PostgreSQL copied into versioned DuckDB files: one snapshot, proved, published by moving a pointer, read behind closed doors."""
