package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"infinibench/reports/live"
)

func serveCommand(env *environment) *cobra.Command {
	var profile, runs, addr string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Show a run in the browser while it goes on",
		Long: `serve shows how far a run is: the progress of each cell, loss curves, and the time
left at the speed of the last steps. It prints the address of a page that keeps itself up
to date. It reads the result files and changes nothing, so the run may be that of another
process, begun before or after, or over; while nobody looks at the page, it does nothing.

The page is for this machine alone. From another one, bring it there with
ssh -L 8080:127.0.0.1:PORT and open http://localhost:8080. Ctrl-C ends serve, and not the
run; that is how it is meant to end, so the exit code is 0.`,
		Example: `  bench serve
  bench serve --profile small --addr 127.0.0.1:8080
  bench serve --profile my.yaml --runs /scratch/runs`,
		RunE: func(*cobra.Command, []string) error {
			name, err := profileName(runs, profile)
			if err != nil {
				return err
			}
			address, err := loopbackAddress(addr)
			if err != nil {
				return usageError{err}
			}
			handler, err := live.NewWatch(filepath.Join(runs, name), name).Handler()
			if err != nil {
				return err
			}
			listener, err := net.ListenTCP("tcp", address)
			if errors.Is(err, syscall.EADDRINUSE) {
				return fmt.Errorf("%w; without --addr a free port is taken", err)
			}
			if err != nil {
				return err
			}
			fmt.Fprintf(env.stdout, "http://%s/\n", listener.Addr())
			return serve(env, listener, handler)
		},
	}
	cmd.Flags().StringVar(&profile, "profile", "tiny", "name of the profile, or its file")
	cmd.Flags().StringVar(&runs, "runs", "runs", "directory of the results")
	cmd.Flags().StringVar(&addr, "addr", "127.0.0.1:0", "address of the page, on this machine; port 0 is any that is free")
	return cmd
}

// loopbackAddress is an address that other machines cannot reach.
func loopbackAddress(text string) (*net.TCPAddr, error) {
	address, err := net.ResolveTCPAddr("tcp", text)
	if err != nil {
		return nil, fmt.Errorf("--addr %s: %w", text, err)
	}
	if !address.IP.IsLoopback() {
		return nil, fmt.Errorf("--addr %s could be reached from other machines, and whoever reaches it sees the run; allowed: 127.0.0.1:PORT, and ssh -L from elsewhere", text)
	}
	return address, nil
}

// How long a browser may take. A page that asks again and again is no reason to wait.
const (
	serveTimeout = 30 * time.Second
	serveGrace   = time.Second
)

// serve answers until a signal comes, which is how it is meant to end.
func serve(env *environment, listener net.Listener, handler http.Handler) error {
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: serveTimeout, ReadTimeout: serveTimeout, WriteTimeout: serveTimeout, IdleTimeout: serveTimeout,
		MaxHeaderBytes: 1 << 14, ErrorLog: log.New(env.stderr, "bench: ", 0),
	}
	stopped := make(chan struct{})
	cancel := context.AfterFunc(env.ctx, func() {
		defer close(stopped)
		ctx, cancel := context.WithTimeout(context.Background(), serveGrace)
		defer cancel()
		if server.Shutdown(ctx) != nil {
			server.Close()
		}
	})
	err := server.Serve(listener)
	if !cancel() { // it was the signal
		<-stopped
		return nil
	}
	return err
}
