# What `make reference` shows Doxygen of a public header: the same declarations, with its marks on the
# comments. A comment above a declaration is of it and of those that stand with it, up to an empty
# line; one behind a member is of all members of its line, one above it of it; a result's struct or
# member without one has the help that docs/results.md has, one of options says what of; "---- Title
# ----" begins a group; three blanks after an empty line begin an example, as code or as it stands.
# usage: awk [-v block=verbatim] -f tools/reference.awk HEADER
BEGIN {
  if (!block) block = "code"
  while ((getline line < "docs/results.md") > 0) {
    if (line ~ /^## /) name = substr(line, 4)
    else if (line ~ /^[A-Z]/ && !(name in of_struct)) of_struct[name] = line
    else if (line ~ /^\| `/) {
      split(line, cell, / *\| */)
      n = split(cell[6], member, ", ")
      for (i = 1; i <= n; i++) of_member[name, member[i]] = cell[5]
    }
  }
}
function end_group() {
  if (grouped) print "/**@}*/"
  grouped = 0
}
# A member's line: each of its names with the comment, or with the help of results.md.
function put_members(line, comment,    declared, type, n, name, i, plain) {
  declared = line
  sub(/;.*$/, "", declared)
  sub(/^ */, "", declared)
  if (declared ~ /\(/ || !match(declared, /^(const )?[a-z_0-9]+ (\*const |const |\*)*/)) {
    print line (comment != "" ? " /**< " comment " */" : "")
    return
  }
  type = substr(declared, 1, RLENGTH)
  sub(/[* ]*$/, " ", type)
  n = split(substr(declared, length(type) + 1), name, / *, */)
  for (i = 1; i <= n; i++) {
    plain = name[i]
    gsub(/\*|const |\[.*\]| /, "", plain)
    print "  " type name[i] "; /**< " (comment != "" ? comment : (struct, plain) in of_member ? of_member[struct, plain] : "") " */"
  }
}
FNR == 1 { # what the file is, in the comment that it begins with
  sub(/^\/\* /, "/** @file\n * ")
  head = 1
}
head {
  if (/^ \*   [^ ]/ && last == " *") { print " * @" block; code = 1 }
  ends = /\*\//
  line = $0
  if (code) { # what stands as it is has no stars, not before its end either
    star = block == "verbatim" ? "" : " * "
    over = /^ \*$/ || ends
    if (ends) sub(/ *\*\/$/, "", line)
    if (star == "") sub(/^ \*   /, "", line)
    if (line !~ /^( \*)?$/) print line
    if (over) print star "@end" block (ends ? " */" : "\n *")
    code = !over
  } else
    print line
  last = $0
  head = !ends
  next
}
comment_open { # the rest of a member's comment
  sub(/^ */, "")
  comment = comment " " $0
  if (!/\*\//) next
  comment_open = 0
  sub(/ *\*\/.*$/, "", comment)
  put_members(members, comment)
  next
}
/^$/ { kept = "" }
/^\/\* ---- / {
  end_group()
  gsub(/^\/\* -+ | -+ \*\/$/, "")
  print "/** @name " $0 " */ /**@{*/"
  grouped = 1
  next
}
/^#ifdef __cplusplus/ { end_group() }
/^\/\*/ { kept = ""; open = 1 }
open {
  kept = kept $0 "\n"
  open = !/\*\//
  next
}
/^(typedef )?(struct|enum) .*\{/ {
  struct = $0
  sub(/^.*(struct|enum) /, "", struct)
  sub(/ *\{.*$/, "", struct)
  within = 1
  enumerates = /^(typedef )?enum/
  if (/\/\*/) { # a comment at the brace is of the whole
    kept = $0
    sub(/^.*\/\*/, "/*", kept)
    sub(/ *\/\*.*$/, "")
  } else if (kept == "" && struct in of_struct)
    kept = "/* " of_struct[struct] " */\n"
  else if (kept == "" && struct ~ /_options$/)
    kept = "/* Options of " substr(struct, 1, length(struct) - 8) ". */\n"
}
/^(NTK_API|typedef|struct|enum) / {
  if (/\/\*/) { sub(/\/\*/, "/**<"); print; next }
  if (kept != "") {
    text = kept
    sub(/^\/\*/, "/**", text)
    # A call that goes on on the next line would be one word of Doxygen's, and end a paragraph there.
    while (match(text, /[A-Za-z0-9_]\([^()\n]*\n \* [^()\n]*\)/)) {
      call = substr(text, RSTART, RLENGTH)
      sub(/\n \* /, " ", call)
      text = substr(text, 1, RSTART - 1) call substr(text, RSTART + RLENGTH)
    }
    printf "%s%s", text, (text ~ /\n$/ ? "" : "\n")
  }
  print
  next
}
/^}/ { within = 0 }
within && !enumerates && /^ *\/\*/ { sub(/\/\*/, "/**"); print; next } # above a member
within && !enumerates && /;/ {
  members = comment = $0
  if (!sub(/^.*\/\* */, "", comment)) comment = ""
  sub(/ *\/\*.*$/, "", members)
  if (comment != "" && !sub(/ *\*\/.*$/, "", comment)) { comment_open = 1; next }
  put_members(members, comment)
  next
}
{ sub(/\/\*/, "/**<"); print }
