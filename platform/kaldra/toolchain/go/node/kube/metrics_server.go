package main

import (
	"errors"

	"github.com/spf13/cobra"
	namer "k8s.io/apiserver/pkg/endpoints/openapi"
	"k8s.io/apiserver/pkg/server"
	"k8s.io/kubernetes/pkg/generated/openapi"
	"sigs.k8s.io/metrics-server/cmd/metrics-server/app/options"
	"sigs.k8s.io/metrics-server/pkg/api"
)

// metricsServer serves metrics.k8s.io like metrics-server's own command, which this version of
// Kubernetes refuses: since 1.35 the models of the OpenAPI specification have other names than in
// metrics-server's generated definitions. Kubernetes' own definitions include the same API.
func metricsServer() *cobra.Command {
	given := options.NewOptions()
	command := &cobra.Command{
		Use: "metrics-server",
		RunE: func(*cobra.Command, []string) error {
			if err := errors.Join(given.Validate()...); err != nil {
				return err
			}
			config, err := given.ServerConfig()
			if err != nil {
				return err
			}
			names := namer.NewDefinitionNamer(api.Scheme)
			config.Apiserver.OpenAPIConfig = server.DefaultOpenAPIConfig(openapi.GetOpenAPIDefinitions, names)
			config.Apiserver.OpenAPIV3Config = server.DefaultOpenAPIV3Config(openapi.GetOpenAPIDefinitions, names)
			metrics, err := config.Complete()
			if err != nil {
				return err
			}
			return metrics.RunUntil(server.SetupSignalHandler())
		},
	}
	for _, flags := range given.Flags().FlagSets {
		command.Flags().AddFlagSet(flags)
	}
	return command
}
