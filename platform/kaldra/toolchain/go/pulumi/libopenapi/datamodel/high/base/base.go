// Package base declares the fields of a schema that `pulumi api` prints.
package base

import (
	"github.com/pb33f/libopenapi/orderedmap"
	"go.yaml.in/yaml/v4"
)

type (
	// Info is a document's head.
	Info struct{ Version string }

	// SchemaProxy leads to no schema.
	SchemaProxy struct{}

	// DynamicValue is one of two types.
	DynamicValue[A, B any] struct{ A A }

	// Discriminator tells the variants of a schema apart.
	Discriminator struct {
		PropertyName string
		Mapping      *orderedmap.Map[string, string]
	}

	// Schema describes a value.
	Schema struct {
		Type, Required                []string
		AllOf, OneOf, AnyOf           []*SchemaProxy
		Description, Format, Pattern  string
		Nullable, ReadOnly, WriteOnly *bool
		Deprecated, UniqueItems       *bool
		MinLength, MaxLength          *int64
		MinItems, MaxItems            *int64
		Minimum, Maximum, MultipleOf  *float64
		Enum                          []*yaml.Node
		Default, Const                *yaml.Node
		Discriminator                 *Discriminator
		Properties                    *orderedmap.Map[string, *SchemaProxy]
		Extensions                    *orderedmap.Map[string, *yaml.Node]
		Items, AdditionalProperties   *DynamicValue[*SchemaProxy, bool]
	}

	hashed interface{ Hash() uint64 }
)

// Schema returns nil.
func (*SchemaProxy) Schema() *Schema { return nil }

// IsA is false.
func (*DynamicValue[A, B]) IsA() bool { return false }

// GoLow returns nil.
func (*Schema) GoLow() hashed { return nil }

// MarshalJSONInline returns nothing.
func (*Schema) MarshalJSONInline() ([]byte, error) { return nil, nil }
