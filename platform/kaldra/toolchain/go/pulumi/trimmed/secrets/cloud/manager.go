// Package cloud without the key services of four clouds.
package cloud

import (
	"encoding/json"
	"errors"

	"github.com/pulumi/pulumi/pkg/v3/secrets"
	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
)

// Type names secrets that a cloud's key service encrypts.
const Type = "cloud"

var errLeftOut = errors.New(
	"this build of Pulumi uses no cloud's key service for secrets; the publisher's release does")

// EditProjectStack returns an error.
func EditProjectStack(*workspace.ProjectStack, json.RawMessage) error {
	return errLeftOut
}

// NewCloudSecretsManagerFromState returns an error.
func NewCloudSecretsManagerFromState(json.RawMessage) (secrets.Manager, error) {
	return nil, errLeftOut
}

// NewCloudSecretsManager returns an error.
func NewCloudSecretsManager(*workspace.ProjectStack, string, bool) (secrets.Manager, error) {
	return nil, errLeftOut
}
