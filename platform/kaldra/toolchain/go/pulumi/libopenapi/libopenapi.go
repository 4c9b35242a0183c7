// Package libopenapi declares what `pulumi api` uses of the library of that name, and reads nothing:
// compiling the library takes a quarter of the CLI's build.
package libopenapi

import (
	"errors"

	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"
)

// Document is never made.
type Document struct{}

// DocumentModel holds a document's content.
type DocumentModel[T any] struct{ Model T }

// NewDocument returns an error.
func NewDocument([]byte) (Document, error) {
	return Document{}, errors.New(
		"this build of Pulumi has no `pulumi api`; the publisher's release has")
}

// BuildV3Model is never reached.
func (Document) BuildV3Model() (*DocumentModel[v3.Document], error) {
	return nil, nil
}
