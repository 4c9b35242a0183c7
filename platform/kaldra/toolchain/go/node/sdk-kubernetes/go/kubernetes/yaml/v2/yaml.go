// Package v2 refuses to register resources.
package v2

import (
	"errors"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// RegisterResource returns an error.
func RegisterResource(
	_ *pulumi.Context, _, _, _ string, _ pulumi.Input, _ ...pulumi.ResourceOption,
) (pulumi.CustomResource, error) {
	return nil, errors.New("this build of the kubernetes provider has no component resources " +
		"(helm.sh/v4 Chart, yaml/v2 ConfigFile and ConfigGroup, kustomize/v2 Directory); " +
		"the publisher's release has")
}
