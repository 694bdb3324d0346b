package main

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"infinibench/reports/table"
)

// openers are the commands that open a file in the user's browser, by system.
var openers = map[string][]string{
	"darwin":  {"open"},
	"windows": {"rundll32", "url.dll,FileProtocolHandler"},
	"":        {"xdg-open"},
}

// openGrace is how long an opener may take to fail. Some run the browser themselves and
// return only when it ends.
const openGrace = 5 * time.Second

// openPage opens a page in the user's browser. If it cannot, it says why: the page is
// written, so that is no failure of the verb.
func openPage(env *environment, page string) {
	if err := open(page); err != nil {
		fmt.Fprintf(env.stderr, "bench: no browser was opened: %v; open %s in one\n", err, page)
	}
}

func open(page string) error {
	page, err := filepath.Abs(page)
	if err != nil {
		return err
	}
	command, known := openers[runtime.GOOS]
	if !known {
		command = openers[""]
		if cmp.Or(os.Getenv("DISPLAY"), os.Getenv("WAYLAND_DISPLAY"), os.Getenv("WSL_DISTRO_NAME")) == "" {
			return fmt.Errorf("this machine has no display (DISPLAY and WAYLAND_DISPLAY are empty)")
		}
	}
	var said bytes.Buffer
	cmd := exec.Command(command[0], append(command[1:], page)...)
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			return fmt.Errorf("%s: %w: %s", command[0], err, cmp.Or(table.CleanTo(said.String(), 160), "no message"))
		}
		return nil
	case <-time.After(openGrace):
		return nil
	}
}
