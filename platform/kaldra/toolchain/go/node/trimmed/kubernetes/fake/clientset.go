// Package fake without its hundred packages of typed fakes, which only kubeadm's --dry-run uses.
package fake

import (
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/testing"
)

// Clientset has the methods that its users name, and no object behind them.
type Clientset struct {
	kubernetes.Interface
	testing.Fake
}

// NewClientset panics: this build of Kubernetes has no client without a cluster.
func NewClientset(...runtime.Object) *Clientset {
	panic("this build of Kubernetes has no --dry-run: client-go's fake clients are left out")
}

// NewSimpleClientset panics likewise.
func NewSimpleClientset(objects ...runtime.Object) *Clientset {
	return NewClientset(objects...)
}

// Tracker is never reached: there is no Clientset to ask.
func (*Clientset) Tracker() testing.ObjectTracker {
	return nil
}
