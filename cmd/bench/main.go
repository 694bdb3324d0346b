// Command bench trains and evaluates Infini-Transformers and their baselines,
// reproduces the experiments of arXiv 2404.07143 and writes the report.
//
//	bench help          lists the verbs
//	bench help VERB     describes one
//
// The exit code is 0 on success, 1 if something failed, 2 after a usage error, and 128
// plus the signal's number if a signal stopped it: 130 after Ctrl-C, 143 after SIGTERM,
// 129 after SIGHUP.
package main

import "os"

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
