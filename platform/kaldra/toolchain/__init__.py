"""What a machine needs to run KALDRA: one module per tool."""
