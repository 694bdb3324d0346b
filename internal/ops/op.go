// Package ops holds the fused Gorgonia operations the models are built of: each
// a forward pass and a gradient over the loops of internal/kernel.
//
// Every operation owns its result, so a graph that runs a million times allocates
// once, and a result is valid until the next run of its graph. On each run it
// writes every element.
package ops

import (
	"fmt"
	"hash"
	"hash/fnv"
	"slices"
	"sync/atomic"

	"github.com/chewxy/hm"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// operation implements gorgonia's Op and SDOp.
type operation struct {
	name   string
	typ    hm.Type
	shape  tensor.Shape
	result G.Value
	inputs int

	do   func(in []G.Value)
	pull *pull // nil: no input has a gradient
}

// pull is the gradient of an operation: how that of its result becomes that of its
// inputs. See Gradient.
type pull struct {
	constant []int // inputs that have no gradient
	// residual is set for y = x + f(x, …), x being the first input: the gradient of
	// x has that of y in it already, and do adds the rest. Both may be one memory.
	residual bool
	do       func(g gradients, in []G.Value)
}

// gradients are the numbers that a pull reads and writes.
type gradients struct {
	out []float32   // of the result
	in  [][]float32 // of each input; nil for a constant
	add []bool      // whether to add to what stands there or to overwrite it
}

var serial atomic.Uint64

// apply adds an operation to the graph of its inputs. It panics on a shape or
// type that does not fit, which only a wrong program can cause.
func apply(op *operation, inputs ...*G.Node) *G.Node {
	// The serial number keeps gorgonia from merging two operations, each of
	// which owns its result.
	op.name = fmt.Sprintf("%s#%d", op.name, serial.Add(1))
	types := make([]hm.Type, len(inputs)+1)
	for i, n := range inputs {
		types[i] = n.Type()
	}
	types[len(inputs)] = G.TypeOf(op.result)
	op.typ = hm.NewFnType(types...)
	op.inputs = len(inputs)
	return G.Must(G.ApplyOp(op, inputs...))
}

// floats is an operation with a float32 tensor as result.
func floats(name string, shape []int, do func(out []float32, in []G.Value), p *pull) *operation {
	out := make([]float32, tensor.Shape(shape).TotalSize())
	return &operation{
		name: name, shape: shape, pull: p,
		result: tensor.New(tensor.WithShape(shape...), tensor.WithBacking(out)),
		do:     func(in []G.Value) { do(out, in) },
	}
}

// scalar is an operation with a float32 number as result.
func scalar(name string, do func(in []G.Value) float32, p *pull) *operation {
	out := G.NewF32(0)
	return &operation{
		name: name, shape: tensor.ScalarShape(), result: out, pull: p,
		do: func(in []G.Value) { *out = G.F32(do(in)) },
	}
}

// Do runs the operation.
func (op *operation) Do(in ...G.Value) (G.Value, error) {
	op.do(in)
	return op.result, nil
}

// SymDiff is not for operations with their own pull: Gradient differentiates them.
func (op *operation) SymDiff(G.Nodes, *G.Node, *G.Node) (G.Nodes, error) {
	return nil, fmt.Errorf("ops: %s is differentiated by ops.Gradient, not by gorgonia.Grad", op.name)
}

// DiffWRT says which inputs have a gradient. An operation without any says all, so
// that who asks is told, and not given zero.
func (op *operation) DiffWRT(n int) []bool {
	smooth := make([]bool, n)
	for i := range smooth {
		smooth[i] = op.pull == nil || !slices.Contains(op.pull.constant, i)
	}
	return smooth
}

// InferShape is the shape of the result, which is fixed.
func (op *operation) InferShape(...G.DimSizer) (tensor.Shape, error) { return op.shape, nil }

// The rest is what gorgonia wants to know about every operation.

func (op *operation) Arity() int           { return op.inputs }
func (op *operation) Type() hm.Type        { return op.typ }
func (op *operation) ReturnsPtr() bool     { return false }
func (op *operation) CallsExtern() bool    { return false }
func (op *operation) OverwritesInput() int { return -1 }
func (op *operation) WriteHash(h hash.Hash) {
	fmt.Fprint(h, op.name)
}
func (op *operation) Hashcode() uint32 {
	h := fnv.New32a()
	op.WriteHash(h)
	return h.Sum32()
}
func (op *operation) String() string { return op.name }

// f32 and i32 are the numbers of an input.
func f32(v G.Value) []float32 { return v.Data().([]float32) }
func i32(v G.Value) []int32   { return v.Data().([]int32) }
