# level NODE MAIN LEVEL DEEPEST, with this text in $LEVEL: says what this level sees, and starts the next one inside it.
echo "level $3 $(tail -n 1 /proc/self/cgroup)"
if [ "$3" = "$4" ]; then
  echo deepest
  exec sleep 1000
fi
next=$(($3 + 1))
exec "$1" "$2" run --quiet --nest --name "level$next" -e LEVEL -- sh -c "$LEVEL" level "$1" "$2" "$next" "$4"
