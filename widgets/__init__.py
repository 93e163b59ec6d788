"""Forms and views for notebooks and dashboards; every one can be driven and read without a browser."""
