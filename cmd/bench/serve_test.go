package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
)

// The page is served at the printed address. Cancelling the context ends serve without an
// error, even while a browser is connected.
func TestServe(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	out, print := io.Pipe()
	env := &environment{ctx: ctx, stdout: print, stderr: new(bytes.Buffer)}
	cmd := serveCommand(env)
	cmd.SetArgs([]string{"--runs", t.TempDir(), "--profile", "smoke"})
	ended := make(chan error, 1)
	go func() {
		err := cmd.Execute()
		print.CloseWithError(err) // otherwise the reader would wait for a line that never comes
		ended <- err
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	address := strings.TrimSpace(line)
	for path, want := range map[string]string{"": "Run of smoke", "state.json": `"phase":"none"`} {
		r, err := http.Get(address + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r.Body)
		r.Body.Close()
		if err != nil || r.StatusCode != 200 || !strings.Contains(string(body), want) {
			t.Errorf("%s: %s, %v: %s", path, r.Status, err, body)
		}
	}
	half, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(address, "http://"), "/"))
	if err != nil {
		t.Fatal(err)
	}
	defer half.Close()
	if _, err := half.Write([]byte("GET / HTTP/1.1\r\n")); err != nil { // and never finishes its request
		t.Fatal(err)
	}
	cancel(interruption{syscall.SIGINT})
	if err := <-ended; err != nil {
		t.Errorf("ended with %v", err)
	}
	if _, err := http.Get(address); err == nil {
		t.Error("it still answers")
	}
}

func TestLoopbackAddress(t *testing.T) {
	for text, ok := range map[string]bool{
		"127.0.0.1:0": true, "127.9.9.9:80": true, "[::1]:0": true, "localhost:8080": true,
		":8080": false, "0.0.0.0:8080": false, "[::]:8080": false, "192.0.2.1:80": false, "127.0.0.1": false, "127.0.0.1:x": false, "": false,
	} {
		if address, err := loopbackAddress(text); (err == nil) != ok {
			t.Errorf("%q: %v, %v", text, address, err)
		}
	}
}
