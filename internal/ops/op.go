// Package ops holds the fused Gorgonia operations the models are built of: each
// a forward pass and a gradient over the loops of internal/kernel.
//
// Every operation owns its result, so a graph that runs a million times allocates
// once, and a result is valid until the next run of its graph. On each run it
// writes every element: where two gradients meet, gorgonia adds one to the other
// in place, so nothing can be relied on to stay as it was.
package ops

import (
	"fmt"
	"hash"
	"hash/fnv"
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

	do func(in []G.Value)
	// gradient builds the nodes of the inputs' gradients; nil for an input
	// that has none. A nil function: no input has one.
	gradient func(in G.Nodes, out, grad *G.Node) G.Nodes
	smooth   []bool // which inputs have a gradient
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
	if op.smooth == nil {
		op.smooth = make([]bool, len(inputs))
		for i := range op.smooth {
			op.smooth[i] = op.gradient != nil
		}
	}
	return G.Must(G.ApplyOp(op, inputs...))
}

// floats is an operation with a float32 tensor as result.
func floats(name string, shape []int, do func(out []float32, in []G.Value), gradient func(in G.Nodes, out, grad *G.Node) G.Nodes) *operation {
	out := make([]float32, tensor.Shape(shape).TotalSize())
	return &operation{
		name: name, shape: shape, gradient: gradient,
		result: tensor.New(tensor.WithShape(shape...), tensor.WithBacking(out)),
		do:     func(in []G.Value) { do(out, in) },
	}
}

// scalar is an operation with a float32 number as result.
func scalar(name string, do func(in []G.Value) float32, gradient func(in G.Nodes, out, grad *G.Node) G.Nodes) *operation {
	out := G.NewF32(0)
	return &operation{
		name: name, shape: tensor.ScalarShape(), result: out, gradient: gradient,
		do: func(in []G.Value) { *out = G.F32(do(in)) },
	}
}

// together computes several gradients in one pass: do fills one piece of memory
// per shape, and each returned node is a view of its piece.
func together(name string, shapes []tensor.Shape, do func(outs [][]float32, in []G.Value), inputs ...*G.Node) G.Nodes {
	total := 0
	for _, s := range shapes {
		total += s.TotalSize()
	}
	backing := make([]float32, total)
	outs := make([][]float32, len(shapes))
	at := 0
	for i, s := range shapes {
		outs[i] = backing[at : at+s.TotalSize()]
		at += s.TotalSize()
	}
	all := apply(&operation{
		name: name, shape: tensor.Shape{total},
		result: tensor.New(tensor.WithShape(total), tensor.WithBacking(backing)),
		do:     func(in []G.Value) { do(outs, in) },
	}, inputs...)
	nodes := make(G.Nodes, len(shapes))
	for i, s := range shapes {
		nodes[i] = apply(&operation{
			name: fmt.Sprintf("%s.%d", name, i), shape: s,
			result: tensor.New(tensor.WithShape(s...), tensor.WithBacking(outs[i])),
			do:     func([]G.Value) {},
		}, all)
	}
	return nodes
}

// Do runs the operation.
func (op *operation) Do(in ...G.Value) (G.Value, error) {
	op.do(in)
	return op.result, nil
}

// SymDiff builds the gradient.
func (op *operation) SymDiff(in G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	if op.gradient == nil {
		return nil, fmt.Errorf("ops: %s has no gradient", op.name)
	}
	return op.gradient(in, out, grad), nil
}

// DiffWRT says which inputs have a gradient.
func (op *operation) DiffWRT(int) []bool { return op.smooth }

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
