// Package azureblob without Azure's client libraries.
package azureblob

import (
	"context"
	"errors"
	"net/url"

	"gocloud.dev/blob"
)

// Scheme is how the addresses begin that this build knows and does not serve.
const Scheme = "azblob"

// ServiceURLOptions says nothing.
type ServiceURLOptions struct{}

// URLOpener opens nothing.
type URLOpener struct {
	MakeClient        func()
	ServiceURLOptions ServiceURLOptions
}

func init() {
	blob.DefaultURLMux().RegisterBucket(Scheme, &URLOpener{})
}

// NewDefaultClient makes nothing.
func NewDefaultClient() {}

// NewDefaultServiceURLOptions has nothing to say.
func NewDefaultServiceURLOptions() *ServiceURLOptions {
	return &ServiceURLOptions{}
}

// OpenBucketURL returns an error.
func (*URLOpener) OpenBucketURL(context.Context, *url.URL) (*blob.Bucket, error) {
	return nil, errors.New("this build of Pulumi keeps no state in azblob://; the publisher's release does")
}
