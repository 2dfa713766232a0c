;;; drive.el --- Drives the language server through eglot, as its users do  -*- lexical-binding: t; -*-

;; Emacs runs this in batch mode, with a workspace and the code that docs/editors.md shows in the environment. A step
;; that fails ends Emacs with an error and a status other than 0.

(require 'cl-lib)
(require 'eglot)
(require 'xref)

(defvar drive-patience 200 "Seconds after which something that should come has not come.")

(defun drive-check (fact format &rest arguments)
  "Fail with FORMAT and ARGUMENTS unless FACT holds."
  (unless fact (error (apply #'format format arguments))))

(defun drive-until (what probe)
  "Call PROBE until it returns something, and return that; fail over WHAT."
  (let ((deadline (+ (float-time) drive-patience)) found)
    (while (not (setq found (funcall probe)))
      (drive-check (< (float-time) deadline) "no %s within %s seconds" what drive-patience)
      (accept-process-output nil 0.05))
    found))

(defun drive-execute (server command &rest argument)
  "Have SERVER execute COMMAND of ours with ARGUMENT, a property list."
  (eglot-execute-command server (concat "cascode.server." command) (vector argument)))

(defun drive-names (answer)
  "Names of the hits of ANSWER."
  (mapcar (lambda (hit) (plist-get hit :name)) (plist-get answer :hits)))

(load (getenv "CASCODE_TEST_SNIPPETS"))

(let* ((workspace (file-name-as-directory (getenv "CASCODE_TEST_WORKSPACE")))
       (source (expand-file-name "termui.py" workspace))
       (default-directory workspace)
       ;; Wait for the answer to `initialize'.
       (eglot-sync-connect t)
       server)
  (find-file source)
  (drive-check (derived-mode-p 'python-mode) "%s is in %s" source major-mode)

  ;; Initialize.
  (apply #'eglot (eglot--guess-contact))
  (setq server (eglot-current-server))
  (drive-check (and server (eglot-managed-p)) "eglot does not manage %s" source)
  (drive-check (equal (plist-get (eglot--server-info server) :name) "cascode")
               "the server is %S" (eglot--server-info server))
  (message "ok: initialize")

  ;; The first index ends, and says so.
  (drive-until "complete index"
               (lambda () (equal (plist-get (drive-execute server "status") :state) "ready")))
  (message "ok: status")

  ;; Search: the document's settings count, and the hit leads to its lines.
  (let* ((answer (drive-execute server "search" :query "show long text in a pager"))
         (hit (cl-find "echo_via_pager" (plist-get answer :hits)
                       :key (lambda (hit) (plist-get hit :name)) :test #'equal)))
    (drive-check (= (length (plist-get answer :hits)) 30) "%d hits" (length (plist-get answer :hits)))
    (drive-check hit "echo_via_pager is not among %S" (drive-names answer))
    (drive-check (file-equal-p (eglot--uri-to-path (plist-get hit :uri)) source) "it is in %S" (plist-get hit :uri))
    (goto-char (eglot--lsp-position-to-point (plist-get (plist-get hit :selectionRange) :start)))
    (drive-check (looking-at-p "echo_via_pager\\_>") "the hit leads to %S" (thing-at-point 'line t)))
  (message "ok: search")

  ;; The document's own command shows them as references.
  (my-cascode-search "show long text in a pager")
  (with-current-buffer xref-buffer-name
    (goto-char (point-min))
    (drive-check (re-search-forward "echo_via_pager" nil t) "my-cascode-search shows %s" (buffer-string)))
  (message "ok: references")

  ;; A function that was typed and not saved.
  (goto-char (point-max))
  (insert "\n\ndef brew_green_tea(kettle, leaves):\n    return kettle.pour(leaves)\n")
  (eglot--signal-textDocument/didChange)
  (drive-until "unsaved function among the hits"
               (lambda () (member "brew_green_tea"
                                  (drive-names (drive-execute server "search" :query "brew green tea")))))
  (drive-check (buffer-modified-p) "the buffer was saved")
  (message "ok: unsaved")

  ;; M-x xref-find-apropos, the way that needs no command of ours.
  (let ((found (xref-backend-apropos 'eglot "? show long text in a pager")))
    (drive-check (cl-some (lambda (item) (string-match-p "echo_via_pager" (xref-item-summary item))) found)
                 "xref-find-apropos finds %S" (mapcar #'xref-item-summary found)))
  (message "ok: symbols")

  ;; Shutdown: eglot fails where the request is not answered, and ends the process itself right after `exit'.
  (let ((process (jsonrpc--process server)))
    (set-buffer-modified-p nil)
    (eglot-shutdown server nil nil t)
    (drive-until "end of the server" (lambda () (not (process-live-p process)))))
  (message "ok: shutdown"))

;;; drive.el ends here
