// Command bench trains and evaluates Infini-Transformers and their baselines,
// reproduces the experiments of arXiv 2404.07143 and writes the report.
//
//	bench help          lists the verbs
//	bench help VERB     describes one
//
// It exits with 0 when all went well, 1 when something failed, 2 when it was called
// wrongly, and 128 plus its number when a signal stopped it, such as 130 after Ctrl-C, 143
// after SIGTERM and 129 after SIGHUP.
package main

import "os"

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
