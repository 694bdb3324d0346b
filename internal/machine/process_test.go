package machine

import (
	"os"
	"os/exec"
	"testing"
)

// A process that has ended is gone; a process whose state is unknown is not.
func TestGone(t *testing.T) {
	this := ThisProcess()
	if this.ID != os.Getpid() || this.Host == "" || this.Gone() || !this.SameSystem() {
		t.Errorf("%+v: this process lives here", this)
	}
	child := exec.Command("true")
	if err := child.Run(); err != nil {
		t.Skip("no process to end: ", err)
	}
	ended := this
	ended.ID = child.Process.Pid
	if !ended.Gone() {
		t.Errorf("%+v has ended", ended)
	}
	for what, change := range map[string]func(*Process){
		"another host":      func(p *Process) { p.Host = "not-" + p.Host },
		"another boot":      func(p *Process) { p.Boot = "not-" + p.Boot },
		"another container": func(p *Process) { p.Namespace = "pid:[1]" },
		"no number":         func(p *Process) { p.ID = 0 },
	} {
		p := ended
		change(&p)
		if p.Gone() {
			t.Errorf("%s: %+v is gone, of which nothing can be known", what, p)
		}
	}
	if this.Start == "" {
		t.Skip("the start of a process is not known here")
	}
	reused := this
	reused.Start += "0"
	if !reused.Gone() {
		t.Error("the number of a process that has ended may be another one's by now")
	}
}
