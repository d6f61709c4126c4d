// A Kubernetes API server and DKP's command d8 for tests, as one program, because they share most packages.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"k8s.io/component-base/cli"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"

	"github.com/deckhouse/deckhouse-cli/cmd/commands"
	"github.com/deckhouse/deckhouse-cli/internal/system/cmd/get"
	"github.com/deckhouse/deckhouse-cli/internal/system/flags"
)

func main() {
	if filepath.Base(os.Args[0]) == "kube-apiserver" {
		os.Exit(cli.Run(app.NewAPIServerCommand()))
	}
	system := &cobra.Command{Use: "system", PreRunE: flags.ValidateParameters}
	system.AddCommand(get.NewCommand())
	flags.AddPersistentFlags(system)
	d8 := &cobra.Command{Use: "d8", SilenceUsage: true, SilenceErrors: true}
	d8.AddCommand(commands.NewKubectlCommand(), system)
	if err := d8.Execute(); err != nil {
		fmt.Fprintln(os.Stderr, "Error executing command:", err)
		os.Exit(1)
	}
}
