"""What a KALDRA stack consists of, as Pulumi resources."""
