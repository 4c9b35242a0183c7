"""The KALDRA platform: Pulumi program, command line, toolchain and provider plugins."""
