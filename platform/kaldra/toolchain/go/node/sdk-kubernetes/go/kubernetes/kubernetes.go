// Package kubernetes stands in for Pulumi's Go SDK for Kubernetes, of which the provider uses little
// and compiles all.
package kubernetes

import "reflect"

// UntypedArgs are the properties of any resource.
type UntypedArgs map[string]any

// ElementType makes it a pulumi.Input.
func (UntypedArgs) ElementType() reflect.Type {
	return reflect.TypeFor[map[string]any]()
}
