// Package v4 declares the inputs of the component resource Chart.
package v4

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

// RepositoryOpts are what the chart's repository is reached with.
type RepositoryOpts struct {
	CaFile, CertFile, KeyFile pulumi.AssetOrArchive
	Username, Password, Repo  *string
}

// RepositoryOptsInput is an input of the Chart.
type RepositoryOptsInput pulumi.Input

// PostRenderer is a command that changes what the chart renders.
type PostRenderer struct {
	Command string
	Args    []string
}

// PostRendererInput is an input of the Chart.
type PostRendererInput pulumi.Input
