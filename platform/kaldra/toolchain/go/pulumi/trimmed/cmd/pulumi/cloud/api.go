// Package cloud without `pulumi api`: its OpenAPI library is a quarter of all there is to compile.
package cloud

import (
	"errors"

	"github.com/spf13/cobra"
)

// ParamSpec is named by what the command would print.
type ParamSpec struct{}

// NewAPICmd returns the command that says what is not there.
func NewAPICmd() *cobra.Command {
	return &cobra.Command{
		Use:   "api",
		Short: "Left out of this build of Pulumi",
		RunE: func(*cobra.Command, []string) error {
			return errors.New("this build of Pulumi has no `api` command; the publisher's release has")
		},
	}
}
