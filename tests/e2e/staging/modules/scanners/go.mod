module kaldra.invalid/scanners

go 1.24

require (
	github.com/yannh/kubeconform v0.7.0
	github.com/zegl/kube-score v1.20.0
)
