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

	"infinibench/experiments"
	"infinibench/reports/live"
)

func serveCommand(env *environment) *cobra.Command {
	var profile, runs, addr string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Show the progress of a run in the browser",
		Long: `serve prints the address of a page that shows the verdict on each claim so far, the
progress of each cell and the process that makes it, loss curves, and the time left at the
speed of the last steps. The page updates itself. serve only reads
the result files: the run may belong to another process, start later or be finished. It does
nothing while the page is closed.

Only this machine can open the page. From another machine, forward the port with
ssh -L 8080:127.0.0.1:PORT and open http://localhost:8080. Ctrl-C ends serve but not the
run; the exit code is then 0.`,
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
			watch := live.NewWatch(filepath.Join(runs, name), name)
			watch.Ledger = experiments.PaperLedger
			handler, err := watch.Handler()
			if err != nil {
				return err
			}
			listener, err := net.ListenTCP("tcp", address)
			if errors.Is(err, syscall.EADDRINUSE) {
				return fmt.Errorf("%w; omit --addr to use a free port", err)
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
	cmd.Flags().StringVar(&addr, "addr", "127.0.0.1:0", "address of the page on this machine; port 0 means any free port")
	return cmd
}

// loopbackAddress parses an address and refuses any that other machines can reach.
func loopbackAddress(text string) (*net.TCPAddr, error) {
	address, err := net.ResolveTCPAddr("tcp", text)
	if err != nil {
		return nil, fmt.Errorf("--addr %s: %w", text, err)
	}
	if !address.IP.IsLoopback() {
		return nil, fmt.Errorf("--addr %s: other machines could reach this address, and anyone who does sees the run; use 127.0.0.1:PORT, and ssh -L from another machine", text)
	}
	return address, nil
}

// Time limits for a browser. serveGrace is short because an open page polls for ever.
const (
	serveTimeout = 30 * time.Second
	serveGrace   = time.Second
)

// serve answers requests until a signal arrives, which is its normal end.
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
