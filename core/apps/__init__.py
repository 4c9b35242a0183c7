"""The four applications: Alpha, Geo, Product, Safeguard."""
