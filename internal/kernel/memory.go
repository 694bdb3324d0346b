package kernel

// The compressive memory of Infini-attention. A key/value head's memory is [D, D+1]: the
// associative matrix M, and in the last column the normaliser z. All query heads of the
// group read it.

// sigmaRows sets y [T, D] to σ of a view x with leading dimension ld.
func (s Shape) sigmaRows(y, x []float32, ld int) {
	gather(y, s.D, x, ld, s.T)
	sigma(y)
}

// scatter copies y [T, D] to a view x with leading dimension ld, or adds it.
func (s Shape) scatter(x []float32, ld int, add bool, y []float32) {
	for t := range s.T {
		accumulate(Gradient{rowOf(x, t, ld, s.D), add}, 1, rowOf(y, t, s.D, s.D))
	}
}

// recall sets r [T, D+1] to features·[M z].
func (s Shape) recall(r, features, memory []float32) {
	Gemm(false, false, s.T, s.D+1, s.D, 1, features, s.D, memory, s.D+1, 0, r, s.D+1)
}

// MemoryRead sets out [rows, H·D] to σ(q)M / (σ(q)z + ε) (paper eq. 7). Each segment reads
// the memory before it. states may hold more segments than are read.
func MemoryRead(s Shape, epsilon float32, out, qkv, states []float32) {
	s.heads(func(b, seg, h int) {
		buffer, release := borrow(s.T * (2*s.D + 1))
		defer release()
		parts := carve(buffer, s.T*s.D, s.T*(s.D+1))
		features, r := parts[0], parts[1]
		s.sigmaRows(features, s.query(qkv, b, seg, h), s.Columns())
		s.recall(r, features, s.memory(states, b, seg, s.shared(h)))
		o := s.head(out, b, seg, h)
		for t := range s.T {
			row := rowOf(r, t, s.D+1, s.D+1)
			scaled(rowOf(o, t, s.Width(), s.D), 1/(row[s.D]+epsilon), row[:s.D])
		}
	})
}

// MemoryReadGradient sets dqkv and dstates to the gradients of MemoryRead's inputs:
// zero for keys, values and states that no segment reads.
func MemoryReadGradient(s Shape, epsilon float32, dqkv, dstates Gradient, dout, qkv, states []float32) {
	ld := s.Columns()
	if !dqkv.Add {
		clear(dqkv.To)
	}
	if !dstates.Add {
		clear(dstates.To[s.S*s.B*s.KV()*s.MemorySize():])
	}
	s.groups(func(b, seg, kv int) {
		buffer, release := borrow(s.T * (3*s.D + 1))
		defer release()
		parts := carve(buffer, s.T*s.D, s.T*(s.D+1), s.T*s.D)
		features, r, dfeatures := parts[0], parts[1], parts[2]
		memory := s.memory(states, b, seg, kv)
		keep := kept(dstates.Add)
		for h := kv * s.group(); h < (kv+1)*s.group(); h++ {
			s.sigmaRows(features, s.query(qkv, b, seg, h), ld)
			s.recall(r, features, memory)
			s.quotientGradient(r, s.head(dout, b, seg, h), s.Width(), 1, epsilon)
			// r is now the gradient of features·[M z].
			Gemm(true, false, s.D, s.D+1, s.T, 1, features, s.D, r, s.D+1, keep, s.memory(dstates.To, b, seg, kv), s.D+1)
			Gemm(false, true, s.T, s.D, s.D+1, 1, r, s.D+1, memory, s.D+1, 0, dfeatures, s.D)
			sigmaGradient(dfeatures, features)
			s.scatter(s.query(dqkv.To, b, seg, h), ld, true, dfeatures)
			keep = 1
		}
	})
}

// quotientGradient replaces r = [a n] by its gradient, given the gradient d of
// sign·a/(n+ε): da = sign·d/(n+ε), dn = -sign·Σ d·a/(n+ε)².
func (s Shape) quotientGradient(r, d []float32, ld int, sign, epsilon float32) {
	for t := range s.T {
		row, up := rowOf(r, t, s.D+1, s.D+1), rowOf(d, t, ld, s.D)
		inverse := 1 / (row[s.D] + epsilon)
		slope := -sign * dot(up, row[:s.D]) * inverse * inverse
		scaled(row[:s.D], sign*inverse, up)
		row[s.D] = slope
	}
}

// MemoryWrite sets states [S+1, …] to the memory before every segment and after the last,
// starting from initial. Linear (paper eq. 8): M' = M + σ(k)ᵀ[v, 1]. Delta (eq. 9) first
// subtracts from v what the memory already returns for k. All keys of a segment read the
// memory from before the segment.
//
// writeCounts [B·S], if not nil, is how often the write of each segment counts: M' = M +
// n·ΔM, and z alike.
func MemoryWrite(s Shape, epsilon float32, delta bool, writeCounts, states, qkv, initial []float32) {
	copy(states, initial)
	Each(s.B*s.KV(), func(i int) {
		b, h := i/s.KV(), i%s.KV()
		buffer, release := borrow(s.T * (3*s.D + 2))
		defer release()
		parts := carve(buffer, s.T*s.D, s.T*(s.D+1), s.T*(s.D+1))
		features, r, values := parts[0], parts[1], parts[2]
		for seg := range s.S {
			before, after := s.memory(states, b, seg, h), s.memory(states, b, seg+1, h)
			s.sigmaRows(features, s.key(qkv, b, seg, h), s.Columns())
			s.written(values, r, features, s.value(qkv, b, seg, h), before, epsilon, delta)
			copy(after, before)
			Gemm(true, false, s.D, s.D+1, s.T, s.writeCount(writeCounts, b, seg), features, s.D, values, s.D+1, 1, after, s.D+1)
		}
	})
}

// writeCount is how often the write of a segment counts.
func (s Shape) writeCount(writeCounts []float32, b, seg int) float32 {
	if writeCounts == nil {
		return 1
	}
	return writeCounts[b*s.S+seg]
}

// written sets values [T, D+1] to what a segment writes, [v or v - recalled, 1],
// and, for delta, r to features·[M z].
func (s Shape) written(values, r, features, v, memory []float32, epsilon float32, delta bool) {
	if delta {
		s.recall(r, features, memory)
	}
	for t := range s.T {
		row := rowOf(values, t, s.D+1, s.D+1)
		if delta {
			answer := rowOf(r, t, s.D+1, s.D+1)
			blend(row[:s.D], 1, rowOf(v, t, s.Columns(), s.D), -1/(answer[s.D]+epsilon), answer[:s.D])
		} else {
			copy(row, rowOf(v, t, s.Columns(), s.D))
		}
		row[s.D] = 1
	}
}

// MemoryWriteGradient sets dqkv and dinitial to the gradients of MemoryWrite's inputs,
// given the gradient of every state: zero for queries.
func MemoryWriteGradient(s Shape, epsilon float32, delta bool, writeCounts []float32, dqkv, dinitial Gradient, dstates, qkv, states []float32) {
	ld := s.Columns()
	if !dqkv.Add {
		clear(dqkv.To)
	}
	Each(s.B*s.KV(), func(i int) {
		b, h := i/s.KV(), i%s.KV()
		buffer, release := borrow(s.T*(5*s.D+3) + s.MemorySize())
		defer release()
		parts := carve(buffer, s.T*s.D, s.T*(s.D+1), s.T*(s.D+1), s.T*s.D, s.T*s.D, s.MemorySize())
		features, r, values, dfeatures, dvalues, dmemory := parts[0], parts[1], parts[2], parts[3], parts[4], parts[5]
		copy(dmemory, s.memory(dstates, b, s.S, h))
		for seg := s.S - 1; seg >= 0; seg-- {
			memory := s.memory(states, b, seg, h)
			s.sigmaRows(features, s.key(qkv, b, seg, h), ld)
			s.written(values, r, features, s.value(qkv, b, seg, h), memory, epsilon, delta)
			count := s.writeCount(writeCounts, b, seg)
			Gemm(false, true, s.T, s.D, s.D+1, count, values, s.D+1, dmemory, s.D+1, 0, dfeatures, s.D)
			Gemm(false, false, s.T, s.D, s.D, count, features, s.D, dmemory, s.D+1, 0, dvalues, s.D)
			s.scatter(s.value(dqkv.To, b, seg, h), ld, true, dvalues)
			if delta {
				s.quotientGradient(r, dvalues, s.D, -1, epsilon)
				Gemm(false, true, s.T, s.D, s.D+1, 1, r, s.D+1, memory, s.D+1, 1, dfeatures, s.D)
				Gemm(true, false, s.D, s.D+1, s.T, 1, features, s.D, r, s.D+1, 1, dmemory, s.D+1)
			}
			sigmaGradient(dfeatures, features)
			s.scatter(s.key(dqkv.To, b, seg, h), ld, true, dfeatures)
			axpy(dmemory, 1, s.memory(dstates, b, seg, h))
		}
		accumulate(Gradient{s.memory(dinitial.To, b, 0, h), dinitial.Add}, 1, dmemory)
	})
}
