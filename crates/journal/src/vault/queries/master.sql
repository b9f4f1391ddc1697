SELECT master FROM vault WHERE id = 1
