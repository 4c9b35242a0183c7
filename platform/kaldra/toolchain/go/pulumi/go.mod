module kaldra.invalid/toolchain

go 1.25.11

require (
	github.com/pulumi/pulumi/pkg/v3 v3.259.0
	github.com/pulumi/pulumi/sdk/v3 v3.259.0
)

// Trimmed (see toolchain/gotrim.py), and found only where they are named here.
require (
	github.com/alecthomas/chroma v0.10.0 // indirect
	gocloud.dev v0.46.1-0.20260810195832-b5401c07b5f1 // indirect
)

replace github.com/atotto/clipboard => github.com/tgummerer/clipboard v0.0.0-20241001131231-d02d263e614e
