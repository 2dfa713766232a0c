class Cascode < Formula
  include Language::Python::Virtualenv

  desc "Local semantic code search: ask a workspace in plain words"
  homepage "https://github.com/cascode-search/cascode"
  url "https://files.pythonhosted.org/packages/source/c/cascode/cascode-0.1.0.tar.gz"
  sha256 "0000000000000000000000000000000000000000000000000000000000000000"
  license "Apache-2.0"

  depends_on "python@3.13"

  # Compiled libraries come as wheels: OpenVINO, FAISS and the grammars are not built here.
  def install
    virtualenv_create(libexec, "python3.13", without_pip: false)
    system libexec/"bin/python", "-m", "pip", "install", "--prefer-binary", buildpath
    bin.install_symlink libexec/"bin/cascode"
    generate_completions_from_executable(bin/"cascode", "completion")
  end

  test do
    (testpath/"upload.py").write "def retry_failed_upload(queue):\n    return queue.send()\n"
    assert_match "retry_failed_upload", shell_output("#{bin}/cascode search 'send again what failed'")
  end
end
