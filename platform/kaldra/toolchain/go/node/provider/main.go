// The kubernetes provider of Pulumi. The build puts the schema and the mapping of the provider's
// module beside this file.
package main

import (
	"bytes"
	_ "embed"
	"fmt"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version"
)

//go:embed schema.json
var schema []byte

//go:embed terraform-mapping.json
var mapping []byte

func main() {
	versioned := fmt.Sprintf(`{"version": %q,`, version.Version)
	provider.Serve("kubernetes", version.Version,
		bytes.Replace(schema, []byte("{"), []byte(versioned), 1), mapping)
}
