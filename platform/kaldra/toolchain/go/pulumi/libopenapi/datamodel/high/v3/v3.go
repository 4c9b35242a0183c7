// Package v3 declares the parts of an OpenAPI document that `pulumi api` reads.
package v3

import (
	"github.com/pb33f/libopenapi/datamodel/high/base"
	"github.com/pb33f/libopenapi/orderedmap"
	"go.yaml.in/yaml/v4"
)

type (
	// Document is an OpenAPI document.
	Document struct {
		Info       *base.Info
		Components *Components
		Paths      *Paths
	}

	// Components are the named schemas.
	Components struct {
		Schemas *orderedmap.Map[string, *base.SchemaProxy]
	}

	// Paths are the routes.
	Paths struct {
		PathItems *orderedmap.Map[string, *PathItem]
	}

	// PathItem is a route.
	PathItem struct{ Get, Post, Put, Delete, Patch, Head *Operation }

	// Operation is one method of a route.
	Operation struct {
		OperationId, Summary, Description string
		Tags                              []string
		Parameters                        []*Parameter
		RequestBody                       *RequestBody
		Responses                         *Responses
		Deprecated                        *bool
		Extensions                        *orderedmap.Map[string, *yaml.Node]
	}

	// Parameter of an operation.
	Parameter struct {
		Name, In, Description string
		Required              *bool
		Schema                *base.SchemaProxy
	}

	// RequestBody by media type.
	RequestBody struct {
		Content *orderedmap.Map[string, *MediaType]
	}

	// Responses by status.
	Responses struct {
		Codes   *orderedmap.Map[string, *Response]
		Default *Response
	}

	// Response of an operation.
	Response struct {
		Description string
		Content     *orderedmap.Map[string, *MediaType]
	}

	// MediaType has a schema.
	MediaType struct{ Schema *base.SchemaProxy }
)
