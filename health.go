package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"
)

func healthCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "health",
		Short: "Ask a running sidecar whether it is well",
		Long:  "Health asks /livez on the configured admin address: the health check of an image without\na shell. It exits 0 if the answer is yes.",
		Args:  cobra.NoArgs,
	}
	path := configFlag(c)
	ready := c.Flags().Bool("ready", false, "ask /readyz: is it ready for requests?")
	c.RunE = func(c *cobra.Command, _ []string) error {
		cfg, err := loadConfig(*path)
		if err != nil {
			return err
		}
		endpoint := "/livez"
		if *ready {
			endpoint = "/readyz"
		}
		answer, err := askAdmin(c.Context(), string(cfg.Admin), endpoint)
		if err != nil {
			return err
		}
		_, err = c.OutOrStdout().Write(answer)
		return err
	}
	return c
}

// askAdmin returns the answer of the admin listener at an address, which may be
// of all interfaces. Anything but 200 is an error.
func askAdmin(ctx context.Context, address, endpoint string) ([]byte, error) {
	if address == "" {
		return nil, errors.New("admin is off: there is nobody to ask")
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	url := "http://" + net.JoinHostPort(host, port) + endpoint
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answered %s: %s", url, response.Status, answer)
	}
	return answer, err
}
