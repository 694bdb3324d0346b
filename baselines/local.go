// Package baselines holds the models that Infini-attention is compared with. Each
// is one implementation of models.Memory on the shared trunk.
package baselines

import (
	"infinibench/models"

	G "gorgonia.org/gorgonia"
)

// LocalOnly is the control: the same trunk, attending inside the segment and
// carrying nothing. The benefit of a memory is measured against it.
type LocalOnly struct{}

// Name is "local-only".
func (LocalOnly) Name() string { return "local-only" }

// Params: none beyond the trunk's.
func (LocalOnly) Params(models.Config, int) []models.ParamSpec { return nil }

// State: none.
func (LocalOnly) State(models.Config, int) []models.StateSpec { return nil }

// Read is local attention (paper eq. 6).
func (LocalOnly) Read(l *models.Layer, qkv *G.Node, _ []*G.Node) *G.Node { return l.Local(qkv) }

// Write keeps nothing.
func (LocalOnly) Write(*models.Layer, *G.Node, []*G.Node) []*G.Node { return nil }

// Footprint is zero.
func (LocalOnly) Footprint(models.Config) (string, int64) { return "0", 0 }
