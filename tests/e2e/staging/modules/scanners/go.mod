module kaldra.invalid/scanners

go 1.24

require github.com/zegl/kube-score v1.20.0
